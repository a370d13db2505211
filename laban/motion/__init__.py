"""Pure NumPy: skeleton, rotations, kinematics, features, geometric attributes."""
