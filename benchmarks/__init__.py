"""Speed and cost, always as ratios against a floor that is measured in the same run. Run by `./dev bench`."""
