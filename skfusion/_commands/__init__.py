"""Commands of `skfusion`, one module each. They parse options and call the library."""
