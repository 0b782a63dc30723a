// What the machine is to have, where it is saved and where it is restored.
export const HARDWARE = {
	memory_size: 192 << 20,
	vga_memory_size: 2 << 20,
	uart1: true,
	uart2: true,
	uart3: true,
	disable_keyboard: true,
	disable_mouse: true,
	disable_speaker: true,
	acpi: false,
};
