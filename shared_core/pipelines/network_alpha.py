"""From a photo through a network to a coarse alpha, by the numbers on the network's card."""
