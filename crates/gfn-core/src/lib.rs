//! The contracts that every part of `gfn` meets, and the exact answers that check them.
//!
//! A generative flow network samples objects by walking a directed acyclic graph of states from one source; this
//! crate says what an environment, a reward, a policy, a sampler and a loss are, in plain arrays. It knows neither
//! tensors nor configuration, so everything built on it can be tested without libtorch.
//!
//! Start with [`environment`], then [`trajectory`]; [`exact`] solves small environments and [`testkit`] runs any
//! environment through the checks that hold for all of them.

pub mod actions;
pub mod ancestry;
pub mod backward_sampling;
pub mod cancel;
pub mod environment;
pub mod exact;
pub mod loss;
pub mod mask;
pub mod observation;
pub mod outputs;
pub mod policy;
pub mod remark;
pub mod reward;
pub mod rng;
pub mod sampler;
pub mod schedule;
pub mod testkit;
pub mod trajectory;

pub use actions::{Actions, Anchor, Rows};
pub use cancel::Cancel;
pub use environment::{Enumerable, Environment, EnvironmentSpec, ObjectKind};
pub use loss::{FlowLoss, FlowTerms, Loss, Needs, Objective, TrajectoryLoss, TrajectoryTerms};
pub use mask::Mask;
pub use observation::{AnchoredRows, Items, ItemsView, Observation, View};
pub use outputs::{OutputGradients, Outputs};
pub use policy::{Logits, Policy, PolicyError, UniformPolicy};
pub use remark::{Remark, TrainingPlan};
pub use reward::{Incident, Objects, Reward, RewardError};
pub use rng::{Purpose, Stream};
pub use sampler::{BehaviorPolicy, SampleError, SampleRequest, Sampler};
pub use schedule::Schedule;
pub use trajectory::TrajectoryBatch;
