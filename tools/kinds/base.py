"""What a tool is, and what it is given to work with.

A tool's run is a column of blocks: some evidence, some result. Each block has an id of its own
within the run, a kind that names the template which shows it (`tools/blocks/<kind>.html`), and data
that are JSON. Texts in the data are plain or Markdown and always untrusted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, ParamSpec, Protocol, TypeVar

from django import forms
from pydantic import BaseModel

from catalog.models import Catalog, Product
from prodintel.llm.types import Message, WebSource

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
Data = dict[str, Any]

EVIDENCE, RESULT = "evidence", "result"
RUNNING, DONE, FAILED = "running", "done", "failed"


@dataclass(frozen=True)
class Block:
    """A part of what a run shows. `part` is `EVIDENCE` or `RESULT`."""

    id: str
    kind: str
    title: str = ""
    data: Data = field(default_factory=dict)
    state: str = DONE
    part: str = RESULT


@dataclass(frozen=True)
class Evidence:
    """What was computed from the catalogue before any model is asked.

    `facts` is JSON: what the API gives as `evidence` and what prompts quote. `blocks` show it.
    """

    facts: Data
    blocks: Sequence[Block] = ()


@dataclass(frozen=True)
class Download:
    """A file that a tool makes of its result, beside those every run has. `name` is for people."""

    name: str
    filename: str
    content_type: str
    text: str


@dataclass(frozen=True)
class Found:
    """What a model wrote after it searched the web, and what it found there."""

    text: str
    sources: Sequence[WebSource] = ()


class Run(Protocol):
    """A run under way, as its tool sees it. All calls are made from the run's own event loop."""

    run_id: int
    product_id: int
    catalog: Catalog
    options: Any  # an instance of the tool's `options`
    evidence: Evidence
    has_model: bool
    """Whether there is a language model; without one a tool writes a draft by rules."""

    @property
    def can_search(self) -> bool:
        """Whether there is a model, beside that, that searches the web."""

    async def show(self, block: Block) -> None:
        """Put a block at its place, or in the place of the one with its id."""

    def finished(self, block_id: str) -> Data | None:
        """The data of a block that an interrupted try of this run finished, else None.

        What was paid for then is not asked again.
        """

    async def say(self, block: Block, messages: Sequence[Message], *, max_tokens: int) -> str:
        """Stream a model's Markdown into `block.data["text"]`; returns it whole.

        Raises LanguageModelError; the block is then shown as failed, with what it has.
        """

    async def search(self, block: Block, messages: Sequence[Message], *, max_tokens: int) -> Found:
        """As `say`, by the model that searches the web, where `can_search`.

        What it found is in `block.data["sources"]` too: a list of {title, url, text}.
        """

    async def fill(
        self,
        block: Block,
        messages: Sequence[Message],
        schema: type[M],
        *,
        max_tokens: int,
        shown: Callable[[Data], Data] | None = None,
    ) -> M:
        """Stream an answer of this schema into a block, field by field as it grows.

        `shown` makes the block's data of what there is of the answer so far (any field may be
        missing, the last text be cut off); without it they are `block.data | answer`. The answer is
        validated at its end, repaired once, and the block left `RUNNING` with it: a tool that has
        no more to do with it calls `show` with the final data. Raises LanguageModelError.
        """

    async def ask(
        self,
        messages: Sequence[Message],
        schema: type[M],
        *,
        max_tokens: int,
        vision: bool = False,
    ) -> M:
        """A validated answer at once, for what nobody reads as it grows. Raises LanguageModelError."""

    async def in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What touches the database, the engine or files."""

    async def together(self, *parts: Awaitable[Any]) -> list[Any]:
        """Independent parts at once. One that raises LanguageModelError does not stop the others:
        its result is None, and the run ends as failed in part, to be resumed.
        """

    def put(self, **output: Any) -> None:
        """Add to the run's output: JSON, what the API gives as `output`.

        What stands under a block's id has the shape of the block's data: what people edit in the
        block is then edited in the output, and in what is downloaded, as well.
        """


class Tool(ABC):
    """One of the tools. Instances hold no state."""

    key: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    icon: ClassVar[str]
    options: ClassVar[type[BaseModel]]
    """What may be chosen; every field has a default, unknown fields are refused."""
    output: ClassVar[type[BaseModel]]
    """What `Run.put` has put together when the run is done."""
    prompt_version: ClassVar[str]
    """Changes whenever what is said to the model does, such as "analysis/1"."""
    form_template: ClassVar[str] = "tools/_options.html"
    """Shows `form` within a form element."""
    one_products: ClassVar[frozenset[str]] = frozenset()
    """Fields of the form that name something of one product: not asked where there are many."""
    max_calls: ClassVar[int] = 1
    tokens_a_run: ClassVar[int] = 4_000
    """About what a run takes before there is any record of it, prompt and answer."""

    @abstractmethod
    def form(
        self, product: Product, data: Any = None, initial: Mapping[str, Any] | None = None
    ) -> forms.Form:
        """The options' form; its `cleaned_data` are given to `options`."""

    @abstractmethod
    def gather(self, product: Product, options: Any) -> Evidence:
        """The evidence. Synchronous, reads the catalogue and may ask the engine; asks no model.

        Raises ValidationError with what the person should do where the tool cannot run at all.
        """

    @abstractmethod
    async def perform(self, run: Run) -> None:
        """Everything after the evidence: ask and show, or write a draft where there is no model."""

    def revised(self, output: Data, evidence: Data, edited: Mapping[str, Collection[str]]) -> Data:
        """The output once people edited it: what was said of the old texts is worked out anew.

        `output` has the edits in it, `edited` says at which places of which blocks.
        """
        del evidence, edited
        return output

    def table(self, output: Data) -> list[list[Any]] | None:
        """The result as rows of a CSV file, the first one headings; None where it is no table."""
        del output
        return None

    def downloads(self, output: Data) -> dict[str, Download]:
        """More files of the result, by the key that their address ends in.

        `output` is the run's with people's edits in it.
        """
        del output
        return {}
