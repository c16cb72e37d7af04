"""What holds for every operation, by its specification: defaults, ranges, references, batches, dtypes, wanted outputs, progress, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from u2studio.shared_core import operations, run
from u2studio.shared_core.errors import BadInput, Cancelled
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.models.store import EMBEDDED, sha256
from u2studio.shared_core.spec import Choice, Colour, Input, Integer, ModelChoice, Number, Operation, Parameter, Switch
from u2studio.shared_core.spec.parameters import unreachable


def _meets_faces(operation: Operation) -> bool:
    return any(one.kind == "faces" for one in (*operation.inputs, *operation.outputs))


EACH = [pytest.param(operation, id=operation.id) for operation in operations()]
OF_PICTURES = [pytest.param(operation, id=operation.id) for operation in operations() if not _meets_faces(operation)]
"""the others make one picture for each face, and need some: tests/pipelines/test_faces.py"""
OUTPUTS = [
    pytest.param(operation, output.name, id=f"{operation.id}-{output.name}")
    for operation in operations()
    for output in operation.outputs
    if output.kind != "faces"
]
PARAMETERS = [pytest.param(operation, one, id=f"{operation.id}-{one.name}") for operation in operations() for one in operation.parameters]
Pictures = dict[str, Tensor]
FACE = torch.tensor([[0.0, 82, 65, 107, 107, 0, 1]])
"""in `photo`"""
ANYTHING: Mapping[str, Mapping[str, object]] = {"portrait": {"face": "whole"}}
"""parameters with which operations that look for a face take any picture"""


def _uses_network(operation: Operation) -> bool:
    return any(isinstance(one, ModelChoice) for one in operation.parameters)


@pytest.fixture(scope="session")
def inputs(photo: Tensor, soft_mask: Tensor) -> Callable[[Operation], Pictures]:
    """Pictures for the inputs an operation cannot do without."""

    def picture(one: Input) -> Tensor:
        if one.kind == "faces":
            return FACE
        return (photo[:, :256, :256] if one.per_face else photo) if one.kind == "image" else soft_mask

    return lambda operation: {one.name: picture(one) for one in operation.inputs if not one.optional}


def _as_floats(picture: Tensor) -> Tensor:
    return picture.float() / 255 if picture.dtype == torch.uint8 else picture


def _levels_apart(one: Tensor, other: Tensor) -> float:
    assert one.shape == other.shape
    return float((_as_floats(one) - _as_floats(other)).abs().max() * 255)


@pytest.mark.parametrize(("operation", "output"), OUTPUTS)
def test_defaults_give_the_stored_result(
    operation: Operation, output: str, inputs: Callable[[Operation], Pictures], models: ModelCache, levels_from_reference: Callable[[str, Tensor], float]
) -> None:
    given_pictures = inputs(operation)
    before = {name: picture.clone() for name, picture in given_pictures.items()}
    made = run(operation.id, given_pictures, models=models, wanted=(output,))
    assert list(made) == [output]
    assert all(torch.equal(given_pictures[name], picture) for name, picture in before.items())
    assert levels_from_reference(f"{operation.id}_{output}", made[output][0]) <= 1


@pytest.mark.parametrize("operation", OF_PICTURES)
def test_floats_and_bytes_agree(operation: Operation, inputs: Callable[[Operation], Pictures], models: ModelCache) -> None:
    pictures = inputs(operation)
    from_bytes = run(operation.id, {name: (one * 255).round().byte() if one.is_floating_point() else one for name, one in pictures.items()}, models=models)
    rounded = {name: (one * 255).round() / 255 if one.is_floating_point() else one.float() / 255 for name, one in pictures.items()}
    from_floats = run(operation.id, rounded, models=models)
    for output in operation.outputs:
        one, other = from_bytes[output.name], from_floats[output.name]
        assert other.dtype == torch.float32
        assert one.dtype == (torch.uint8 if output.kind in ("image", "cutout") else torch.float32)
        roundings = 2 if operation.id == "sheet" else 1  # of bytes: the foreground's, then the sheet's
        if operation.id == "portrait":  # crops of bytes are bytes, by the published rule, and lines are drawn after them
            assert float((_as_floats(one) - _as_floats(other)).abs().mean() * 255) < 0.5
        else:
            assert _levels_apart(one, other) <= roundings * 0.5 + 1e-3


@pytest.mark.parametrize("operation", [one for one in OF_PICTURES if one.id != "crop_to_subject"])
def test_a_batch_is_its_pictures_in_order(operation: Operation, inputs: Callable[[Operation], Pictures], models: ModelCache) -> None:
    first = inputs(operation)
    second = {name: one.flip(2) for name, one in first.items()}
    together = run(operation.id, {name: torch.cat((first[name], second[name])) for name in first}, models=models)
    apart = run(operation.id, first, models=models), run(operation.id, second, models=models)
    for output in operation.outputs:
        whole = together[output.name]
        assert len(whole) == 2
        for index, alone in enumerate(apart):
            assert torch.equal(whole[index], alone[output.name][0])
    assert not torch.equal(together[operation.outputs[0].name][0], together[operation.outputs[0].name][1])


@pytest.mark.parametrize("operation", OF_PICTURES)
def test_one_picture_serves_a_batch_of_the_others(operation: Operation, inputs: Callable[[Operation], Pictures], models: ModelCache) -> None:
    pictures = {name: one[:, :64, :48] for name, one in inputs(operation).items()}
    batched, *rest = pictures
    anything = ANYTHING.get(operation.id, {})
    made = run(operation.id, {**pictures, batched: pictures[batched].expand(3, *pictures[batched].shape[1:])}, anything, models=models)
    assert all(len(made[output.name]) == 3 for output in operation.outputs)
    if rest:
        with pytest.raises(BadInput, match="give the same number, or one") as told:
            run(operation.id, {name: one.expand(2 + (name == batched), *one.shape[1:]) for name, one in pictures.items()}, models=models)
        assert {"2", "3"} <= {str(value) for value in told.value.values.values()}


@pytest.mark.parametrize("operation", OF_PICTURES)
def test_only_what_is_wanted_is_made(operation: Operation, inputs: Callable[[Operation], Pictures], models: ModelCache) -> None:
    pictures = {name: one[:, 100:164, 100:148] for name, one in inputs(operation).items()}
    anything = ANYTHING.get(operation.id, {})
    everything = run(operation.id, pictures, anything, models=models)
    assert list(everything) == [output.name for output in operation.outputs]
    for output in operation.outputs:
        made = run(operation.id, pictures, anything, models=models, wanted=[output.name])
        assert list(made) == [output.name]
        assert torch.equal(made[output.name], everything[output.name])
    with pytest.raises(BadInput, match="no output 'alhpa'"):
        run(operation.id, pictures, models=models, wanted=["alhpa"])


@pytest.mark.parametrize("operation", OF_PICTURES)
def test_provenance_says_what_was_done_by_which_file(operation: Operation, inputs: Callable[[Operation], Pictures], models: ModelCache) -> None:
    anything = ANYTHING.get(operation.id, {})
    made = run(operation.id, {name: one[:, :40, :33] for name, one in inputs(operation).items()}, anything, models=models)
    assert made.provenance["operation"] == operation.id
    assert made.provenance["parameters"] == {**{one.name: one.default for one in operation.parameters}, **anything}
    chance = {"u2net_cloth_seg"}
    used = {one.default: "chance" if one.default in chance else sha256(EMBEDDED / f"{one.default}.safetensors")
            for one in operation.parameters if isinstance(one, ModelChoice) and one.name == "model"}  # fmt: skip
    assert made.provenance["models"] == used


@pytest.mark.parametrize("operation", OF_PICTURES)
def test_progress_is_told_and_can_stop(operation: Operation, inputs: Callable[[Operation], Pictures], models: ModelCache) -> None:
    pictures = {name: one[:, 100:164, 100:148] for name, one in inputs(operation).items()}
    calls: list[tuple[int, int, str]] = []
    anything = ANYTHING.get(operation.id, {})
    run(operation.id, pictures, anything, models=models, progress=lambda done, total, note: calls.append((done, total, note)))
    assert calls
    for done, total, note in calls:
        assert 0 <= done <= total
        assert note
    for stop_at in range(1, len(calls) + 1):
        seen = 0

        def stop(done: int, total: int, note: str, stop_at: int = stop_at) -> None:
            nonlocal seen
            seen += 1
            if seen == stop_at:
                raise Cancelled

        with pytest.raises(Cancelled):
            run(operation.id, pictures, anything, models=models, progress=stop)
        assert seen == stop_at


def _wrong_values(parameter: Parameter) -> list[object]:
    match parameter:
        case Number():
            return [parameter.low - 1, parameter.high + 1, math.nan, math.inf, 10**400, "3", None, True]
        case Integer():
            return [parameter.low - 1, parameter.high + 1, parameter.low + 0.5, math.nan, 10**400, "3", None, True]
        case Switch():
            return [1, "true", None]
        case Choice():
            return [parameter.default + "x", "", 3, None, []]
        case Colour():
            return ["#12345", "#12345g", "red", "#ffffff\n", 0xFFFFFF, None]
        case ModelChoice():
            unknown = [parameter.default + "x", "", "../u2netp"] if parameter.name == "model" else []  # others are looked for when they are needed
            return [*unknown, 3, None]
        case _:
            return unreachable(parameter)


def _allowed(parameter: Parameter) -> list[str]:
    match parameter:
        case Number() | Integer():
            return [f"{parameter.low:g}", f"{parameter.high:g}", parameter.unit]
        case Choice():
            return [one.id for one in parameter.options]
        case Switch():
            return ["true", "false"]
        case Colour():
            return ["#ff8800"]
        case ModelChoice():
            return [parameter.name] if parameter.name == "model" else []
        case _:
            return unreachable(parameter)


@pytest.mark.parametrize(("operation", "parameter"), PARAMETERS)
def test_a_wrong_parameter_is_named_with_its_value_and_what_is_allowed(
    operation: Operation, parameter: Parameter, inputs: Callable[[Operation], Pictures], models: ModelCache
) -> None:
    for value in _wrong_values(parameter):
        with pytest.raises(BadInput) as told:
            run(operation.id, inputs(operation), {parameter.name: value}, models=models)
        sentence = str(told.value)
        assert "\n" not in sentence
        assert sentence.count(parameter.name) >= 1
        assert all(piece in sentence for piece in _allowed(parameter)), sentence
        shown = str(value) if isinstance(value, str) else repr(value)
        assert shown.strip() in sentence or (isinstance(value, int) and value > 10**300), sentence


@pytest.mark.parametrize("operation", EACH)
def test_unknown_names_are_refused_and_the_nearest_is_named(operation: Operation, inputs: Callable[[Operation], Pictures], models: ModelCache) -> None:
    pictures = inputs(operation)
    for parameter in operation.parameters:
        with pytest.raises(BadInput, match=f"'{parameter.name}x'.*{parameter.name}\\?$"):
            run(operation.id, pictures, {f"{parameter.name}x": parameter.default}, models=models)
    with pytest.raises(BadInput, match="'picture'"):
        run(operation.id, {**pictures, "picture": torch.zeros(1, 2, 2, 3)}, models=models)
    with pytest.raises(BadInput, match=f"'{operation.id}x'.*{operation.id}\\?$"):
        run(f"{operation.id}x", pictures, models=models)
    for name in pictures:
        with pytest.raises(BadInput, match=f"'{name}'"):
            run(operation.id, {other: one for other, one in pictures.items() if other != name}, models=models)


def _spoilt(one: Input, right: Tensor) -> Mapping[str, object]:
    """What is wrong with a picture → the picture."""
    if one.kind == "faces":
        nowhere, none, elsewhere = right.clone(), right.clone(), right.clone()
        nowhere[0, 1], none[0, 3], elsewhere[0, 0] = math.nan, 0, 1
        return {"None": None, "six numbers": right[:, :6], "a face alone": right[0], "NaN": nowhere, "without a width": none, "of no picture": elsewhere}
    floats = _as_floats(right)
    nan, large, low = floats.clone(), floats.clone(), floats.clone()
    nan.view(-1)[7], large.view(-1)[7], low.view(-1)[7] = math.nan, 1.01, -0.01
    by_kind = {"channels first": right.permute(0, 3, 1, 2), "two channels": right[..., :2]} if one.kind == "image" else {"with a channel": right[..., None]}
    return {
        "a list": right.tolist(), "None": None,
        "without a batch": right[0], "with an axis more": right[None], "empty": right[:0], "without rows": right[:, :0], **by_kind,
        "NaN": nan, "infinite": torch.full_like(floats, math.inf), "too large": large, "negative": low,
        "whole numbers": right.long(), "complex": floats.to(torch.complex64),
    }  # fmt: skip


@pytest.mark.parametrize("operation", EACH)
def test_a_wrong_picture_is_refused_in_one_sentence_that_names_it(operation: Operation, inputs: Callable[[Operation], Pictures], models: ModelCache) -> None:
    right = {name: one if one.ndim == 2 else one[:, :9, :13].contiguous() for name, one in inputs(operation).items()}
    for one in operation.inputs:
        for what, wrong in _spoilt(one, right.get(one.name, FACE if one.kind == "faces" else right[operation.inputs[0].name])).items():
            with pytest.raises(BadInput) as told:
                run(operation.id, {**right, one.name: wrong}, models=models)  # pyright: ignore[reportArgumentType]
            assert str(told.value).startswith(f"{one.name} "), what
            assert "\n" not in str(told.value), what


@pytest.mark.parametrize("operation", [each for each in OF_PICTURES if {one.kind for one in each.values[0].inputs} > {"alpha"}])  # pyright: ignore[reportAttributeAccessIssue]
def test_pictures_of_two_sizes_are_refused_with_both_sizes(
    operation: Operation, inputs: Callable[[Operation], Pictures], soft_mask: Tensor, models: ModelCache
) -> None:
    name = next(one.name for one in operation.inputs if one.kind == "alpha")
    pictures = {**inputs(operation), name: soft_mask}
    with pytest.raises(BadInput, match=f"^{name} is 286×413 pixels, .* is 287×413"):
        run(operation.id, {**pictures, name: pictures[name][:, :, 1:]}, models=models)


def _values(parameter: Parameter) -> st.SearchStrategy[object]:
    match parameter:
        case Number():
            return st.floats(parameter.low, parameter.high) | st.floats(parameter.soft_low, parameter.soft_high)
        case Integer():
            return st.integers(parameter.low, parameter.high)
        case Switch():
            return st.booleans()
        case Choice():
            return st.sampled_from([one.id for one in parameter.options if not one.extra])
        case Colour():
            return st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True)
        case ModelChoice():
            return st.just(parameter.default)
        case _:
            return unreachable(parameter)


@st.composite
def _calls(draw: st.DrawFn, operation: Operation) -> tuple[Pictures, dict[str, object]]:
    """Pictures and parameters an operation must be able to work with."""
    sides = st.integers(1, 70)
    batch, height, width = draw(st.integers(1, 2)), draw(sides), draw(sides)
    pictures: Pictures = {}
    for one in operation.inputs:
        if one.optional and draw(st.booleans()):
            continue
        size = (draw(sides), draw(sides)) if one.any_size else (height, width)
        shape = (draw(st.sampled_from((1, batch))), *size)
        if one.kind not in ("alpha", "trimap"):
            shape = (*shape, 4 if one.kind == "cutout" else draw(st.sampled_from((3, 4))))
        levels = torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(draw(st.integers(0, 99))), dtype=torch.uint8)
        levels = draw(st.sampled_from((levels, torch.zeros_like(levels), torch.full_like(levels, 255), levels // 128 * 255)))
        dtype = draw(st.sampled_from((torch.uint8, torch.float32, torch.float16, torch.float64)))
        pictures[one.name] = levels if dtype == torch.uint8 else (levels.double() / 255).to(dtype)
    values = {one.name: draw(_values(one)) for one in operation.parameters if draw(st.booleans())} | dict(ANYTHING.get(operation.id, {}))
    return pictures, values


@pytest.mark.parametrize("operation", OF_PICTURES)
def test_whatever_is_allowed_gives_whole_pictures(operation: Operation, models: ModelCache) -> None:
    @settings(
        max_examples=6 if _uses_network(operation) else 60,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(_calls(operation))
    def holds(call: tuple[Pictures, dict[str, object]]) -> None:
        pictures, values = call
        before = {name: picture.clone() for name, picture in pictures.items()}
        made = run(operation.id, pictures, values, models=models)
        batch = max(len(picture) for picture in pictures.values())
        first = pictures[operation.inputs[0].name]
        for output in operation.outputs:
            picture = made[output.name]
            assert picture.dtype in (torch.uint8, torch.float32)
            assert picture.shape[0] == batch
            assert output.any_size or picture.shape[1:3] == first.shape[1:3]
            assert picture.shape[3:] in {"image": ((3,), first.shape[3:]), "cutout": ((4,),)}.get(output.kind, ((),))
            assert all(picture.untyped_storage().data_ptr() != one.untyped_storage().data_ptr() for one in pictures.values())
            low, high = _as_floats(picture).aminmax()
            assert low >= 0  # and so not NaN
            assert high <= 1
        assert all(torch.equal(pictures[name], picture) for name, picture in before.items())

    holds()
