"""What the shape models share: the point distribution model and its profiles."""
