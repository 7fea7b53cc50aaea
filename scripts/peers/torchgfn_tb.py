"""Times trajectory balance, or flow matching, on a hypergrid in torchgfn.

The training step is the one of torchgfn's simple hypergrid tutorial: trajectories with their log-probabilities, the loss
from these, Adam with a rate of its own for log Z. Validation, gradient clipping, finiteness checks and the progress bar
are left out. The backward policy shares the trunk of the forward one (`tied`, in the words of gfn).
"""

import argparse
import json
import os
import time

import torch
from gfn.estimators import DiscretePolicyEstimator
from gfn.gflownet import FMGFlowNet, TBGFlowNet
from gfn.gym import HyperGrid
from gfn.preprocessors import KHotPreprocessor
from gfn.utils.modules import MLP

options = argparse.ArgumentParser()
options.add_argument("--dimensions", type=int, required=True)
options.add_argument("--height", type=int, required=True)
options.add_argument("--r0", type=float, required=True)
options.add_argument("--iterations", type=int, required=True, help="iterations to time")
options.add_argument("--after", type=int, default=0, help="iterations to train first, untimed")
options.add_argument("--state", help="file that keeps what --after gives, for the next time")
options.add_argument("--loss", choices=["tb", "fm"], default="tb")
options.add_argument("--seed", type=int, default=0)
options = options.parse_args()

BATCH, WIDTH, LAYERS = 16, 256, 2

# On matrices this small a second thread gains nothing, and costs much where another program wants the core.
torch.set_num_threads(1)
torch.manual_seed(options.seed)
env = HyperGrid(options.dimensions, options.height, reward_fn_kwargs={"R0": options.r0, "R1": 0.5, "R2": 2.0})
preprocessor = KHotPreprocessor(height=env.height, ndim=env.ndim)


def estimator(outputs, backward=False, trunk=None):
    network = MLP(preprocessor.output_dim, outputs, WIDTH, LAYERS, trunk=trunk)
    return network, DiscretePolicyEstimator(
        network, env.n_actions, preprocessor=preprocessor, is_backward=backward
    )


network, forward = estimator(env.n_actions)
if options.loss == "tb":
    _, backward = estimator(env.n_actions - 1, backward=True, trunk=network.trunk)
    gflownet = TBGFlowNet(pf=forward, pb=backward)
    optimizer = torch.optim.Adam(gflownet.pf_pb_parameters(), lr=1e-3)
    optimizer.add_param_group({"params": gflownet.logz_parameters(), "lr": 1e-1})
else:
    gflownet = FMGFlowNet(forward)
    optimizer = torch.optim.Adam(gflownet.parameters(), lr=1e-3)


def train(iterations):
    steps = 0
    for _ in range(iterations):
        # Flow matching has no use for the log-probabilities.
        keep = options.loss == "tb"
        trajectories = gflownet.sample_trajectories(env, n=BATCH, save_logprobs=keep)
        optimizer.zero_grad()
        loss = gflownet.loss_from_trajectories(env, trajectories, recalculate_all_logprobs=not keep)
        loss.backward()
        optimizer.step()
        steps += trajectories.terminating_idx.sum()
    return loss.item(), steps.item() / (BATCH * iterations)


if options.after:
    if not os.path.exists(options.state):
        train(options.after)
        torch.save((gflownet.state_dict(), optimizer.state_dict()), options.state)
    kept = torch.load(options.state)
    gflownet.load_state_dict(kept[0])
    optimizer.load_state_dict(kept[1])
else:
    # What is set up at the first use is left out, and what it learns thrown away.
    untrained = {name: value.clone() for name, value in gflownet.state_dict().items()}
    fresh = optimizer.state_dict()
    train(2)
    gflownet.load_state_dict(untrained)
    optimizer.load_state_dict(fresh)

started = time.perf_counter()
loss, steps = train(options.iterations)
seconds = time.perf_counter() - started
log_z = gflownet.logZ.item() if options.loss == "tb" else None
print(
    json.dumps(
        {"ms": 1e3 * seconds / options.iterations, "last_loss": loss, "log_z": log_z, "steps": steps}
    )
)
