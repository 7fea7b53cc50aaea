"""Times trajectory balance on a hypergrid in gfnx.

The training step is the one of gfnx's hypergrid baseline: `forward_rollout` with an Equinox MLP, the loss on the padded
trajectories, Adam with a rate of its own for log Z, and the loop over iterations inside one compiled program. Metrics and
logging are left out. The network has two heads, one for each direction (`tied`, in the words of gfn).
"""

import argparse
import json
import time

import equinox as eqx
import gfnx
import jax
import jax.numpy as jnp
import optax

options = argparse.ArgumentParser()
options.add_argument("--dimensions", type=int, required=True)
options.add_argument("--height", type=int, required=True)
options.add_argument("--r0", type=float, required=True)
options.add_argument("--iterations", type=int, required=True, help="iterations to time")
options.add_argument("--after", type=int, default=0, help="iterations to train first, untimed")
options.add_argument("--state", help="file that keeps what --after gives, for the next time")
options.add_argument("--seed", type=int, default=0)
options = options.parse_args()

BATCH, WIDTH, LAYERS = 16, 256, 2

env = gfnx.HypergridEnvironment(
    gfnx.GeneralHypergridRewardModule(R0=options.r0), dim=options.dimensions, side=options.height
)
env_params = env.init(jax.random.PRNGKey(0))
forward_actions = env.action_space.n

key, network_key = jax.random.split(jax.random.PRNGKey(options.seed))
network = eqx.nn.MLP(
    env.observation_space.shape[0],
    forward_actions + env.backward_action_space.n,
    WIDTH,
    LAYERS,
    key=network_key,
)
weights, structure = eqx.partition(network, eqx.is_array)
parameters = {"network": weights, "log_z": jnp.array(0.0)}
labels = {"network": jax.tree.map(lambda _: "network", weights), "log_z": "log_z"}
optimizer = optax.multi_transform({"network": optax.adam(1e-3), "log_z": optax.adam(1e-1)}, labels)


def logits(weights, observations):
    """Logits of both directions, for observations of any leading shape."""
    policy = eqx.combine(weights, structure)
    for _ in observations.shape[:-1]:
        policy = jax.vmap(policy)
    outputs = policy(observations)
    return {"forward_logits": outputs[..., :forward_actions], "backward_logits": outputs[..., forward_actions:]}


def policy(_, observations, weights):
    outputs = logits(weights, observations)
    return outputs["forward_logits"], outputs


def loss(parameters, trajectories):
    trajectories = trajectories.replace(info=logits(parameters["network"], trajectories.obs))
    log_pf, log_pb = gfnx.utils.forward_trajectory_log_probs(env, trajectories, env_params)
    log_reward = jnp.where(trajectories.pad, 0.0, trajectories.log_gfn_reward).sum(axis=1)
    return optax.losses.squared_error(parameters["log_z"] + log_pf, log_pb + log_reward).mean()


def update(_, state):
    key, parameters, moments, _, steps = state
    key, rollout_key = jax.random.split(key)
    trajectories, info = gfnx.utils.forward_rollout(
        rollout_key, BATCH, policy, parameters["network"], env, env_params
    )
    value, gradients = jax.value_and_grad(loss)(parameters, trajectories)
    updates, moments = optimizer.update(gradients, moments, parameters)
    steps += info["trajectory_length"].mean()
    return key, optax.apply_updates(parameters, updates), moments, value, steps


@jax.jit
def train(state, iterations):
    return jax.lax.fori_loop(0, iterations, update, state)


state = (key, parameters, optimizer.init(parameters), jnp.array(0.0), jnp.array(0.0))
jax.block_until_ready(train(state, 2))  # compiles; the result is dropped
if options.after:
    try:
        state = eqx.tree_deserialise_leaves(options.state, state)
    except FileNotFoundError:
        state = jax.block_until_ready(train(state, options.after))
        eqx.tree_serialise_leaves(options.state, state)

steps_before = state[-1]
started = time.perf_counter()
state = jax.block_until_ready(train(state, options.iterations))
seconds = time.perf_counter() - started
_, parameters, _, value, steps = state
print(
    json.dumps(
        {
            "ms": 1e3 * seconds / options.iterations,
            "last_loss": float(value),
            "log_z": float(parameters["log_z"]),
            "steps": float(steps - steps_before) / options.iterations,
        }
    )
)
