//! The frequencies of the last objects of training against the target: the figure of the 2021 paper.

use std::borrow::Cow;
use std::collections::VecDeque;

use gfn_core::exact::{l1, sampling_floor};
use gfn_record::catalogue::names;
use gfn_record::event::Metrics;

use crate::exact::unswept;
use crate::{Declaration, Metric, Subject, Visit};

/// The L1 distance of the last objects visited, and what perfect samples would have.
pub const DECLARATION: Declaration = Declaration {
    name: "window",
    rows: &[names::WINDOW_L1, names::WINDOW_FLOOR],
    absent: |_, context| {
        let is_off = context.evaluation.window == 0;
        unswept(context).or(is_off.then_some("it is measured with `evaluation.window` only"))
    },
    build: |context| {
        let most = context.evaluation.window;
        let window = Window {
            most,
            objects: VecDeque::new(),
        };
        (context.is_swept && most > 0).then(|| Box::new(window) as Box<dyn Metric>)
    },
};

struct Window {
    most: usize,
    /// The last objects, by their numbers.
    objects: VecDeque<u32>,
}

impl Metric for Window {
    fn visit(&mut self, visit: &Visit<'_>) {
        let Some(solved) = visit.solved else { return };
        let states = match visit.standing {
            Some(standing) => Cow::Borrowed(standing),
            None => Cow::Owned(visit.batch.all_finished()),
        };
        for state in states.chunks_exact(visit.batch.state_len()) {
            if let Some(object) = solved.object(state) {
                // More than one where the window was made shorter while the run stood still.
                while self.objects.len() >= self.most {
                    self.objects.pop_front();
                }
                self.objects.push_back(object);
            }
        }
    }

    fn measure(&self, subject: &Subject<'_>, metrics: &mut Metrics) {
        let Some(solution) = subject.solution else { return };
        let target = solution.solved.target();
        let known: Vec<usize> = self.objects.iter().map(|&object| object as usize).collect();
        if known.is_empty() || known.iter().any(|object| *object >= target.len()) {
            return;
        }
        let mut frequency = vec![0.0; target.len()];
        let share = 1.0 / known.len() as f64;
        known.iter().for_each(|&object| frequency[object] += share);
        metrics.set(names::WINDOW_L1, l1(&frequency, target));
        metrics.set(names::WINDOW_FLOOR, sampling_floor(target, known.len() as u64));
    }

    fn save(&self) -> Vec<u8> {
        let objects: Vec<u32> = self.objects.iter().copied().collect();
        postcard::to_stdvec(&objects).expect("plain data")
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        let objects: Vec<u32> = postcard::from_bytes(saved).map_err(|error| error.to_string())?;
        self.objects = objects.into();
        Ok(())
    }
}
