import DefaultTheme from 'vitepress/theme';
import ConsoleBlock from './ConsoleBlock.vue';
import Layout from './Layout.vue';
import './style.css';

export default {
	extends: DefaultTheme,
	Layout,
	enhanceApp({ app }) {
		app.component('ConsoleBlock', ConsoleBlock);
	},
};
