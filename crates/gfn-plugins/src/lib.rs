//! Plugins: third parties' rewards, vocabularies and environments, loaded so that nothing they do can lose a run.
