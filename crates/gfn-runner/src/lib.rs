//! Assembles an experiment, trains it, evaluates it.
