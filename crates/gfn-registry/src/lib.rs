//! Name and parameters to component: the one list of built-ins.
