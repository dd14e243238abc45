"""dlib's shape predictor as arrays, and its file taken apart."""
