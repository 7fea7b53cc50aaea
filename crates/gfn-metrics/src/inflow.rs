//! How the flow into finished objects goes with their reward, over the last ones of training.

use std::collections::VecDeque;

use gfn_record::catalogue::names;
use gfn_record::event::{Metrics, Regression};

use crate::{Declaration, Metric, Subject, Visit, set_line};

const ROWS: [&str; 3] = [
    names::INFLOW_OBJECTS,
    names::INFLOW_SLOPE,
    names::INFLOW_CORRELATION,
];

/// The line of log-inflow on log-reward; the 2021 paper draws its points.
pub const DECLARATION: Declaration = Declaration {
    name: "inflow",
    rows: &ROWS,
    absent: |_, context| {
        let is_off = context.evaluation.flow_window == 0;
        is_off.then_some("it is measured with `evaluation.flow_window` only")
    },
    build: |context| {
        let most = context.evaluation.flow_window;
        let inflow = Inflow {
            most,
            points: VecDeque::new(),
        };
        (most > 0).then(|| Box::new(inflow) as Box<dyn Metric>)
    },
};

struct Inflow {
    most: usize,
    /// Log-reward and log-inflow.
    points: VecDeque<(f64, f64)>,
}

impl Metric for Inflow {
    fn visit(&mut self, visit: &Visit<'_>) {
        for (&log_reward, &log_inflow) in visit.batch.log_reward.iter().zip(visit.log_inflow) {
            // More than one where the window was made shorter while the run stood still.
            while self.points.len() >= self.most {
                self.points.pop_front();
            }
            self.points.push_back((log_reward, log_inflow));
        }
    }

    fn measure(&self, _: &Subject<'_>, metrics: &mut Metrics) {
        set_line(metrics, Regression::of(self.points.iter().copied()), ROWS);
    }

    fn save(&self) -> Vec<u8> {
        let points: Vec<(f64, f64)> = self.points.iter().copied().collect();
        postcard::to_stdvec(&points).expect("plain data")
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        let points: Vec<(f64, f64)> = postcard::from_bytes(saved).map_err(|error| error.to_string())?;
        self.points = points.into();
        Ok(())
    }
}
