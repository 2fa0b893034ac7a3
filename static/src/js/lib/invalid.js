// A form that came back with a fault: whoever sent it is put where the fault is, and hears what it is.

document.querySelector('#main [aria-invalid="true"], form [aria-invalid="true"]')?.focus();
