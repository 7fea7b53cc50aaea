//! The built-in losses, one file each over plain arrays of log-probabilities, and [`evaluation`], the bridge from
//! trajectories to a network's batch and from a loss's gradient back to it.

pub mod check;
pub mod detailed_balance;
pub mod evaluation;
pub mod flow_matching;
pub mod log_partition_variance;
pub mod none;
pub mod ppo;
pub mod sub_trajectory_balance;
pub mod trajectory_balance;
