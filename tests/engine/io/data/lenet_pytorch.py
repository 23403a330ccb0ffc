# Written by Gradwright. Needs the packages torch and safetensors.
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

# Where the file of weights has those of each layer.
PATHS = {
    "conv1": "conv1",
    "conv2": "conv2",
    "dense1": "dense1",
    "dense2": "dense2",
    "dense3": "dense3",
}


class Net(nn.Module):
    """image 1×28×28 → digit 10, 61,706 parameters."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.dense1 = nn.Linear(400, 120)
        self.dense2 = nn.Linear(120, 84)
        self.dense3 = nn.Linear(84, 10)

    def forward(self, image):
        conv1 = F.relu(self.conv1(image))
        pool1 = F.max_pool2d(conv1, 2)
        conv2 = F.relu(self.conv2(pool1))
        pool2 = F.max_pool2d(conv2, 2)
        flatten = torch.flatten(pool2, 1)
        dense1 = F.relu(self.dense1(flatten))
        dense2 = F.relu(self.dense2(dense1))
        dense3 = self.dense3(dense2)
        return dense3

    def load_weights(self, path):
        """Takes the weights from a safetensors file that Gradwright wrote."""
        tensors = load_file(path)
        state = self.state_dict()
        for key in state:
            layer, _, weight = key.partition(".")
            if weight != "num_batches_tracked":
                state[key] = tensors[f"{PATHS[layer]}/{weight}"]
        self.load_state_dict(state)


if __name__ == "__main__":
    net = Net().eval()
    if len(sys.argv) > 1:
        net.load_weights(sys.argv[1])
    with torch.no_grad():
        print(net(torch.zeros(1, 1, 28, 28)))
