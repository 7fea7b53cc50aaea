//! Where an update's time goes.

use std::time::Instant;

use gfn_core::{Cancel, Environment, Logits, Policy, PolicyError};
pub use gfn_record::phases::Phases;

/// Times one phase after another.
#[derive(Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Starts.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Adds the time since the last lap to `phase`.
    pub fn lap(&mut self, phase: &mut f64) {
        let now = Instant::now();
        *phase += (now - self.0).as_secs_f64();
        self.0 = now;
    }
}

/// A policy whose time is added up, and that gives up once the grace of a stop has passed.
pub struct Timed<'a> {
    /// The policy.
    pub policy: &'a mut dyn Policy,
    /// Seconds spent in it.
    pub seconds: f64,
    /// Whether a stop was asked for.
    pub cancel: &'a Cancel,
}

impl Policy for Timed<'_> {
    fn logits(
        &mut self,
        environment: &dyn Environment,
        states: &[i32],
        logits: &mut Logits,
    ) -> Result<(), PolicyError> {
        if self.cancel.is_over() {
            return Err(PolicyError::Stopped);
        }
        let started = Instant::now();
        let result = self.policy.logits(environment, states, logits);
        self.seconds += started.elapsed().as_secs_f64();
        result
    }
}
