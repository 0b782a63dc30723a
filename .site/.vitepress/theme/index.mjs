import DefaultTheme from 'vitepress/theme';
import ConsoleBlock from './ConsoleBlock.vue';
import Layout from './Layout.vue';
import MachineStart from './MachineStart.vue';
import OwnBlock from './OwnBlock.vue';
import './style.css';

export default {
	extends: DefaultTheme,
	Layout,
	enhanceApp({ app }) {
		app.component('ConsoleBlock', ConsoleBlock);
		app.component('MachineStart', MachineStart);
		app.component('OwnBlock', OwnBlock);
	},
};
