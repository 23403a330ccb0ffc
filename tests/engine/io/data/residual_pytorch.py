# Written by Gradwright. Needs the packages torch and safetensors.
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

# Where the file of weights has those of each layer.
PATHS = {
    "stem": "stem",
    "stage1_1_conv1": "stage1/1/conv1",
    "stage1_1_norm1": "stage1/1/norm1",
    "stage1_1_conv2": "stage1/1/conv2",
    "stage1_1_norm2": "stage1/1/norm2",
    "stage1_2_conv1": "stage1/2/conv1",
    "stage1_2_norm1": "stage1/2/norm1",
    "stage1_2_conv2": "stage1/2/conv2",
    "stage1_2_norm2": "stage1/2/norm2",
    "down": "down",
    "stage2_1_conv1": "stage2/1/conv1",
    "stage2_1_norm1": "stage2/1/norm1",
    "stage2_1_conv2": "stage2/1/conv2",
    "stage2_1_norm2": "stage2/1/norm2",
    "stage2_2_conv1": "stage2/2/conv1",
    "stage2_2_norm1": "stage2/2/norm1",
    "stage2_2_conv2": "stage2/2/conv2",
    "stage2_2_norm2": "stage2/2/norm2",
    "classifier": "classifier",
}


class Net(nn.Module):
    """image 3×12×12 → class 10, 8,878 parameters."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.stage1_1_conv1 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.stage1_1_norm1 = nn.BatchNorm2d(8, eps=1e-05, momentum=0.1)
        self.stage1_1_conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.stage1_1_norm2 = nn.BatchNorm2d(8, eps=1e-05, momentum=0.1)
        self.stage1_2_conv1 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.stage1_2_norm1 = nn.BatchNorm2d(8, eps=1e-05, momentum=0.1)
        self.stage1_2_conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.stage1_2_norm2 = nn.BatchNorm2d(8, eps=1e-05, momentum=0.1)
        self.down = nn.Conv2d(8, 12, 3, stride=2)
        self.stage2_1_conv1 = nn.Conv2d(12, 12, 3, padding=1, bias=False)
        self.stage2_1_norm1 = nn.BatchNorm2d(12, eps=1e-05, momentum=0.1)
        self.stage2_1_conv2 = nn.Conv2d(12, 12, 3, padding=1, bias=False)
        self.stage2_1_norm2 = nn.BatchNorm2d(12, eps=1e-05, momentum=0.1)
        self.stage2_2_conv1 = nn.Conv2d(12, 12, 3, padding=1, bias=False)
        self.stage2_2_norm1 = nn.BatchNorm2d(12, eps=1e-05, momentum=0.1)
        self.stage2_2_conv2 = nn.Conv2d(12, 12, 3, padding=1, bias=False)
        self.stage2_2_norm2 = nn.BatchNorm2d(12, eps=1e-05, momentum=0.1)
        self.classifier = nn.Linear(12, 10)

    def forward(self, image):
        stem = self.stem(image)
        stage1_1_conv1 = self.stage1_1_conv1(stem)
        stage1_1_norm1 = self.stage1_1_norm1(stage1_1_conv1)
        stage1_1_relu1 = F.relu(stage1_1_norm1)
        stage1_1_conv2 = self.stage1_1_conv2(stage1_1_relu1)
        stage1_1_norm2 = self.stage1_1_norm2(stage1_1_conv2)
        stage1_1_sum = stage1_1_norm2 + stem
        stage1_1_relu2 = F.relu(stage1_1_sum)
        stage1_2_conv1 = self.stage1_2_conv1(stage1_1_relu2)
        stage1_2_norm1 = self.stage1_2_norm1(stage1_2_conv1)
        stage1_2_relu1 = F.relu(stage1_2_norm1)
        stage1_2_conv2 = self.stage1_2_conv2(stage1_2_relu1)
        stage1_2_norm2 = self.stage1_2_norm2(stage1_2_conv2)
        stage1_2_sum = stage1_2_norm2 + stage1_1_relu2
        stage1_2_relu2 = F.relu(stage1_2_sum)
        down = self.down(F.pad(stage1_2_relu2, (0, 1, 0, 1)))
        stage2_1_conv1 = self.stage2_1_conv1(down)
        stage2_1_norm1 = self.stage2_1_norm1(stage2_1_conv1)
        stage2_1_relu1 = F.relu(stage2_1_norm1)
        stage2_1_conv2 = self.stage2_1_conv2(stage2_1_relu1)
        stage2_1_norm2 = self.stage2_1_norm2(stage2_1_conv2)
        stage2_1_sum = stage2_1_norm2 + down
        stage2_1_relu2 = F.relu(stage2_1_sum)
        stage2_2_conv1 = self.stage2_2_conv1(stage2_1_relu2)
        stage2_2_norm1 = self.stage2_2_norm1(stage2_2_conv1)
        stage2_2_relu1 = F.relu(stage2_2_norm1)
        stage2_2_conv2 = self.stage2_2_conv2(stage2_2_relu1)
        stage2_2_norm2 = self.stage2_2_norm2(stage2_2_conv2)
        stage2_2_sum = stage2_2_norm2 + stage2_1_relu2
        stage2_2_relu2 = F.relu(stage2_2_sum)
        pool = stage2_2_relu2.mean(dim=(2, 3))
        classifier = self.classifier(pool)
        return classifier

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
        print(net(torch.zeros(1, 3, 12, 12)))
