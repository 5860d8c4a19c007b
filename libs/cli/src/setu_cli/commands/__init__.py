"""The commands of ``setu``, loaded when they are called: a function each, its docstring is the help."""
