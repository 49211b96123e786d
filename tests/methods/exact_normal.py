"""Exact predictors of targets that are normal in every voxel: mean `MEAN`, a given standard deviation."""

from torch import nn

MEAN = 0.3
HU_PER_UNIT = 2047.5
"""CT from -1024 to 3071 HU is normalised to -1 … 1."""


class ExactVelocity(nn.Module):
    """E[y - y_0 | y_t] of rectified flow."""

    def __init__(self, deviation):
        super().__init__()
        self.variance = deviation**2

    def forward(self, observed, t):
        y_t, t = observed[:, :1], t.view(-1, *[1] * (observed.ndim - 1)).to(observed)
        slope = (t * self.variance - (1 - t)) / (t**2 * self.variance + (1 - t) ** 2)
        return MEAN + slope * (y_t - t * MEAN)


class ExactDenoiser(nn.Module):
    """ε or v of a noise schedule, of as many channels as are normal."""

    def __init__(self, schedule, deviation, channels=1):
        super().__init__()
        self.schedule, self.variance, self.channels = schedule, deviation**2, channels

    def forward(self, observed, t):
        y_t, settings = observed[:, : self.channels], self.schedule.settings
        level = int((settings.timesteps * t[0]).round())
        signal, noise = (float(each[level]) for each in (self.schedule.signal, self.schedule.noise))
        epsilon = noise * (y_t - signal * MEAN) / (signal**2 * self.variance + noise**2)
        return epsilon if settings.prediction == "epsilon" else (epsilon - noise * y_t) / signal


class ExactFlow(nn.Module):
    """The inverse map of a normalizing flow."""

    def __init__(self, deviation):
        super().__init__()
        self.deviation = deviation

    def forward(self, noise, source, inverse):
        assert inverse
        return MEAN + self.deviation * noise, noise.new_zeros(len(noise))
