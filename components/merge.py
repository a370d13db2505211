"""The step `merge`."""

from kfp import dsl

from components.contract import Result, stage


@dsl.container_component
def merge(
    settings: str,
    adapter: str,
    root: str,
    source: str,
    result: Result,
) -> dsl.ContainerSpec:
    """Merge the adapter into its base."""
    return stage(
        "merge",
        settings=settings,
        adapter=adapter,
        root=root,
        source=source,
        result=result,
    )
