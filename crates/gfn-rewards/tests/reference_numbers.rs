//! Known exact values of the hypergrid, worked out apart from this code: log Z, the total variation of the uniform
//! policy, and the expected L1 of 200,000 perfect samples.
#![allow(
    clippy::unwrap_used,
    clippy::approx_constant,
    reason = "a test; 0.4342 is a measured floor, not log10 e"
)]

use gfn_core::exact::{StateGraph, normalize, sampling_floor, total_variation};
use gfn_core::{Environment, UniformPolicy};
use gfn_envs::hypergrid::{Hypergrid, Params, Terminal};
use gfn_rewards::hypergrid::{HypergridReward, Params as RewardParams};

struct Row {
    dimensions: usize,
    height: usize,
    r0: f64,
    cells: usize,
    modes: usize,
    log_z: f64,
    uniform: f64,
    floor: f64,
    boundary_cells: usize,
    boundary_log_z: f64,
}

#[rustfmt::skip]
const ROWS: [Row; 10] = [
    Row { dimensions: 2, height: 8, r0: 0.1, cells: 64, modes: 4, log_z: 3.10906, uniform: 0.7000, floor: 0.0115, boundary_cells: 63, boundary_log_z: 3.08191 },
    Row { dimensions: 2, height: 8, r0: 0.01, cells: 64, modes: 4, log_z: 2.81181, uniform: 0.7965, floor: 0.0083, boundary_cells: 63, boundary_log_z: 2.78068 },
    Row { dimensions: 2, height: 8, r0: 0.001, cells: 64, modes: 4, log_z: 2.77658, uniform: 0.8208, floor: 0.0070, boundary_cells: 63, boundary_log_z: 2.74490 },
    Row { dimensions: 2, height: 16, r0: 0.1, cells: 256, modes: 4, log_z: 4.18358, uniform: 0.7806, floor: 0.0249, boundary_cells: 255, boundary_log_z: 4.17439 },
    Row { dimensions: 2, height: 64, r0: 0.1, cells: 4096, modes: 144, log_z: 7.09805, uniform: 0.9626, floor: 0.0967, boundary_cells: 4095, boundary_log_z: 7.09755 },
    Row { dimensions: 4, height: 8, r0: 0.1, cells: 4096, modes: 16, log_z: 6.34493, uniform: 0.8001, floor: 0.1066, boundary_cells: 3773, boundary_log_z: 6.22218 },
    Row { dimensions: 4, height: 8, r0: 0.01, cells: 4096, modes: 16, log_z: 5.30311, uniform: 0.8528, floor: 0.0730, boundary_cells: 3773, boundary_log_z: 5.10127 },
    Row { dimensions: 4, height: 8, r0: 0.001, cells: 4096, modes: 16, log_z: 5.10045, uniform: 0.9223, floor: 0.0440, boundary_cells: 3773, boundary_log_z: 4.86963 },
    Row { dimensions: 4, height: 16, r0: 0.1, cells: 65536, modes: 16, log_z: 9.06342, uniform: 0.9371, floor: 0.4342, boundary_cells: 64125, boundary_log_z: 9.02774 },
    Row { dimensions: 4, height: 20, r0: 0.001, cells: 160_000, modes: 256, log_z: 8.64330, uniform: 0.9377, floor: 0.2853, boundary_cells: 157_757, boundary_log_z: 8.59568 },
];

struct Solved {
    log_rewards: Vec<f64>,
    target: Vec<f64>,
    log_z: f64,
    uniform: Vec<f64>,
}

fn solve(row: &Row, terminal: Terminal) -> Solved {
    let grid = Hypergrid::new(&Params {
        dimensions: row.dimensions,
        height: row.height,
        terminal,
    });
    let params = RewardParams {
        r0: row.r0,
        ..RewardParams::default()
    };
    let reward = HypergridReward::new(params, &grid.spec().objects).unwrap();
    let graph = StateGraph::build(&grid, 1 << 20).unwrap();
    let log_rewards = graph.log_rewards(&grid, &reward).unwrap();
    let (target, log_z) = normalize(&log_rewards);
    let uniform = graph
        .policy_distribution(&grid, &mut UniformPolicy, 4096)
        .unwrap();
    Solved {
        log_rewards,
        target,
        log_z,
        uniform,
    }
}

/// Equal to the printed digits.
fn printed(value: f64, expected: f64, digits: i32, what: &str, row: &Row) {
    let unit = 10f64.powi(-digits);
    let name = format!("{what} of d {}, H {}, R0 {}", row.dimensions, row.height, row.r0);
    assert!(
        (value - expected).abs() <= 0.500_001 * unit,
        "{name}: {value}, expected {expected}"
    );
}

/// The expected L1 of the frequencies of n perfect samples if counts were normal, which is what the table holds.
fn normal_floor(p: &[f64], n: f64) -> f64 {
    p.iter()
        .map(|p| (2.0 * p * (1.0 - p) / (std::f64::consts::PI * n)).sqrt())
        .sum()
}

/// The exact floor, from binomial counts: near the normal one where cells are sampled often, and far below it where
/// most are sampled less than once (20^4: 0.224, not 0.285).
#[test]
fn the_exact_floor() {
    for (row, exact) in [
        (0, 0.01145),
        (4, 0.09681),
        (5, 0.10650),
        (8, 0.43761),
        (9, 0.22429),
    ] {
        let target = solve(&ROWS[row], Terminal::Everywhere).target;
        printed(
            sampling_floor(&target, 200_000),
            exact,
            5,
            "exact floor",
            &ROWS[row],
        );
    }
}

#[test]
fn every_row_to_the_printed_digits() {
    for row in &ROWS {
        let everywhere = solve(row, Terminal::Everywhere);
        assert_eq!(everywhere.target.len(), row.cells);
        let modes = everywhere
            .log_rewards
            .iter()
            .filter(|log_reward| log_reward.exp() > 2.0)
            .count();
        assert_eq!(modes, row.modes);
        printed(everywhere.log_z, row.log_z, 5, "log Z", row);
        printed(
            total_variation(&everywhere.uniform, &everywhere.target),
            row.uniform,
            4,
            "uniform TV",
            row,
        );
        printed(
            normal_floor(&everywhere.target, 200_000.0),
            row.floor,
            4,
            "floor",
            row,
        );

        let boundary = solve(row, Terminal::Boundary);
        assert_eq!(boundary.target.len(), row.boundary_cells);
        printed(boundary.log_z, row.boundary_log_z, 5, "boundary log Z", row);
    }
}
