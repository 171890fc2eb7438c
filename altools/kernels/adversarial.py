r"""How far an image is from another prediction: DeepFool and BIM, many images at a time.

Images are independent, so the gradient of a sum over the batch holds every image's own gradient: one backward pass per
class (DeepFool) or step (BIM) serves the whole batch. Images that are done leave the batch and the next ones enter, so
that it stays full; each step costs one host synchronisation, to count who stays.

Gradients are taken of the input only; weight gradients are never accumulated. The caller sets evaluation mode.
``predict`` maps images in pixel units [0, 1] to logits, normalisation included, so distances are in pixel units too.
An image that never flips (no gradient, no step left, logits not finite) has distance +inf, never NaN.
Knows nothing about models, pools or ranking.

Dimensions: u images in all, b images in the batch, h w pixels, c channels; k classes looked at (the predicted first).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Predict = Callable[[Tensor], Tensor]
Move = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def deepfool(
    predict: Predict,
    images: Float[Tensor, "u c h w"],
    *,
    classes: int | None = None,
    max_steps: int = 50,
    overshoot: float = 0.02,
    nudge: float = 1e-4,
    batch_size: int = 256,
) -> Float[Tensor, " u"]:
    r"""Return the squared L2 length of each image's DeepFool perturbation.

    .. math:: r \leftarrow r + \Big(\frac{|f_l|}{\lVert w_l \rVert} + \epsilon\Big) \frac{w_l}{\lVert w_l \rVert},
       \quad l = \arg\min_k \frac{|f_k|}{\lVert w_k \rVert}, \quad f_k = z_k - z_{\hat y},\; w_k = \nabla f_k

    at x + (1 + overshoot) r, until the prediction changes: a step towards the *nearest* linearised boundary.

    Reference: Moosavi-Dezfooli, Fawzi and Frossard, 2016, "DeepFool", algorithm 2; as a query strategy: Ducoffe and
    Precioso, 2018, "Adversarial active learning for deep networks".
    Differs: overshoot inside the loop and the nudge, as in the authors' code. Public active-learning code keeps the
    last class instead of the nearest one, and works in normalised units.
    Cost: at most ``max_steps`` forward and (k - 1) max_steps backward passes per image; memory of one batch.

    Args:
        predict: batch of images to logits.
        images: pixels in [0, 1].
        classes: how many of the likeliest classes are looked at; None means all if there are at most 10, else 10.
        max_steps: steps after which an image counts as never flipping.
        overshoot: the perturbation is this much longer than to the boundary.
        nudge: length added to every step, so that a point on a boundary crosses it.
        batch_size: images at a time.
    """

    def move(
        point: Float[Tensor, "b c h w"],
        logits: Float[Tensor, "b classes"],
        known: Int[Tensor, "b k"],
        shift: Float[Tensor, "b c h w"],
        origin: Float[Tensor, "b c h w"],
    ) -> tuple[Float[Tensor, "b c h w"], Bool[Tensor, " b"]]:
        gaps = logits.gather(1, known[:, 1:]) - logits.gather(1, known[:, :1])
        nearest = torch.full_like(logits[:, 0], math.inf, requires_grad=False)
        direction = torch.zeros_like(shift)
        for rival, gap in enumerate(gaps.unbind(1), start=2):
            slope = _input_gradient(gap.sum(), point, last=rival == known.shape[1])
            steepness = slope.flatten(1).norm(dim=1)
            # 0 / 0 where the classes tie and nothing changes: no boundary in reach.
            reach = torch.where(steepness > 0, gap.detach().abs() / steepness, math.inf)
            nearer = reach < nearest
            nearest = torch.where(nearer, reach, nearest)
            direction = torch.where(_per_image(nearer), slope / _per_image(steepness), direction)
        return shift + _per_image(nearest + nudge) * direction, nearest.isfinite()

    def ranked(logits: Float[Tensor, "b classes"]) -> Int[Tensor, "b k"]:
        count = min(logits.shape[1], 10 if classes is None else classes)
        predicted = logits.argmax(1, keepdim=True)
        rivals = logits.scatter(1, predicted, -math.inf).topk(count - 1).indices
        return torch.cat([predicted, rivals], 1)

    return _flip_distances(predict, images, ranked, move, max_steps, batch_size, stretch=1 + overshoot)


def bim(
    predict: Predict,
    images: Float[Tensor, "u c h w"],
    *,
    step: float = 0.01,
    max_steps: int = 100,
    clip: bool = True,
    batch_size: int = 256,
) -> Float[Tensor, " u"]:
    r"""Return the squared L2 length of each image's BIM perturbation.

    .. math:: x \leftarrow \mathrm{clip}_{[0,1]}\big(x + \text{step} \cdot
       \mathrm{sign}\, \nabla_x \mathrm{CE}(z(x), \hat y)\big) \quad \text{until the prediction changes}

    Reference: Kurakin, Goodfellow and Bengio, 2017, "Adversarial examples in the physical world", section 2.2.
    Differs: stops at the first change of prediction, without an epsilon ball. The sign is taken of the gradient of
    log sum exp of the other logits minus the predicted one: cross-entropy is an increasing function of it, so the
    sign is the same, but it does not underflow where the network is sure. The public code of arXiv 2312.05751 steps
    in normalised units, does not clip, and gives images that never flip a finite distance.
    Cost: at most ``max_steps`` forward and backward passes per image; memory of one batch.

    Args:
        predict: batch of images to logits.
        images: pixels in [0, 1].
        step: change of a pixel per step, in pixel units: 0.01 is 2.55 of 255.
        max_steps: steps after which an image counts as never flipping.
        clip: whether pixels stay in [0, 1].
        batch_size: images at a time.
    """

    def move(
        point: Float[Tensor, "b c h w"],
        logits: Float[Tensor, "b classes"],
        known: Int[Tensor, "b 1"],
        shift: Float[Tensor, "b c h w"],
        origin: Float[Tensor, "b c h w"],
    ) -> tuple[Float[Tensor, "b c h w"], Bool[Tensor, " b"]]:
        others = logits.scatter(1, known, -math.inf).logsumexp(1)
        slope = _input_gradient((others - logits.gather(1, known)[:, 0]).sum(), point, last=True)
        moved = shift + step * slope.sign()
        if clip:
            moved = torch.maximum(torch.minimum(moved, 1 - origin), -origin)
        return moved, (moved != shift).flatten(1).any(1)

    return _flip_distances(predict, images, lambda logits: logits.argmax(1, keepdim=True), move, max_steps, batch_size)


def _flip_distances(
    predict: Predict,
    images: Float[Tensor, "u c h w"],
    ranked: Callable[[Tensor], Tensor],
    move: Move,
    max_steps: int,
    batch_size: int,
    stretch: float = 1.0,
) -> Float[Tensor, " u"]:
    """Move every image until its prediction changes; return the squared length of the perturbation.

    Args:
        predict: batch of images to logits.
        images: all images.
        ranked: first logits of a batch to the classes of interest, the predicted one first.
        move: point, logits, classes of interest, perturbation, image to the next perturbation, and who could move.
        max_steps: moves before giving up.
        batch_size: images at a time.
        stretch: factor of the perturbation where the network is asked.
    """
    distance = images.new_full((len(images),), math.inf)
    rows = torch.arange(0, device=images.device)
    shift, steps, known, entered = images[:0], rows, None, 0
    while entered < len(images) or len(rows):
        # One batch at a time: who stayed (in front) and as many new images as there is room for.
        new = torch.arange(entered, min(entered + batch_size - len(rows), len(images)), device=images.device)
        entered += len(new)
        rows, steps = torch.cat([rows, new]), torch.cat([steps, torch.zeros_like(new)])
        shift = torch.cat([shift, torch.zeros_like(images[new])])
        origin = images[rows]
        with torch.enable_grad():
            point = (origin + stretch * shift).requires_grad_()
            logits = predict(point)
            values = logits.detach()
            first = ranked(values[len(rows) - len(new) :])
            known = first if known is None else torch.cat([known, first])
            finite = values.isfinite().all(1)
            flipped = (values.argmax(1) != known[:, 0]) & finite & (steps > 0)
            distance[rows] = torch.where(flipped, (stretch * shift).square().flatten(1).sum(1), math.inf)
            shift, moved = move(point, logits, known, shift, origin)
        staying = (moved & finite & ~flipped & (steps < max_steps)).nonzero().squeeze(1)
        rows, steps, shift, known = rows[staying], steps[staying] + 1, shift[staying], known[staying]
    return distance


def _input_gradient(value: Float[Tensor, ""], point: Tensor, *, last: bool) -> Tensor:
    """Return the gradient by the input; zero where the network does not depend on it."""
    if not value.requires_grad:
        return torch.zeros_like(point, requires_grad=False)
    slope = torch.autograd.grad(value, point, retain_graph=not last, allow_unused=True)[0]
    return torch.zeros_like(point, requires_grad=False) if slope is None else slope


def _per_image(values: Tensor) -> Tensor:
    """Shape one number per image to multiply images."""
    return values[:, None, None, None]
