"""What known linear degradations measure, against their matrix and its pseudo-inverse by singular values."""

import numpy as np

from medtrans import degradations
from medtrans.core.degradation import LinearDegradation
from medtrans.core.known_operator import KnownOperator
from medtrans.metrics.operator.measurement_residual import MeasurementResidual
from medtrans.metrics.operator.null_space_share import NullSpaceShare
from tests.conformance.rows import row
from tests.degradations.images import suited

SHAPE = (1, 7, 6, 5)


def operators():
    """Each linear degradation as its settings draw it, its matrix, an error and a target."""
    for name in degradations.names():
        kind = degradations.load(name)
        if issubclass(kind, LinearDegradation):
            rng = np.random.default_rng(0)
            operator = KnownOperator(kind(), kind().draw(rng), suited(name, SHAPE))
            yield operator, matrix_of(operator), rng.normal(size=SHAPE), rng.normal(size=SHAPE)


def matrix_of(operator):
    columns = [operator.measure(one.reshape(SHAPE)).ravel() for one in np.eye(int(np.prod(SHAPE)))]
    return real(np.stack(columns, axis=1))


def real(measured):
    """Real and imaginary parts one below the other."""
    return np.concatenate([measured.real, measured.imag]) if np.iscomplexobj(measured) else measured


@row("Pseudo-inverse of linear degradations", "numpy.linalg.pinv of their matrix", within=1e-4)
def _():
    for operator, matrix, x, _ in operators():
        inverse = operator.pseudo_inverse(operator.measure(x)).ravel()
        yield from zip(inverse, np.linalg.pinv(matrix, rcond=1e-6) @ matrix @ x.ravel(), strict=True)


@row("Null-space share", "numpy.linalg.pinv of the matrix", within=1e-5)
def _():
    for operator, matrix, error, target in operators():
        unseen = error.ravel() - np.linalg.pinv(matrix, rcond=1e-6) @ matrix @ error.ravel()
        yield NullSpaceShare()(error, target, operator), (unseen**2).sum() / (error**2).sum()


@row("Measurement residual", "the product with the matrix", within=1e-9)
def _():
    for operator, matrix, error, target in operators():
        norms = [np.sqrt(matrix @ image.ravel() @ (matrix @ image.ravel())) for image in (error, target)]
        yield MeasurementResidual()(error, target, operator), norms[0] / norms[1]
