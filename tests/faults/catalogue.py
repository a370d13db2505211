"""All kinds of fault of data that the gates must refuse; sources are paragraphs of the field's report on its data sets and loaders."""

from __future__ import annotations

from caption_faults import CAPTIONS
from code_faults import CODE_FAULTS
from conversation_faults import CONVERSATION_FAULTS
from foreign_faults import FOREIGN
from motion_faults import MOTION
from split_faults import SPLIT_FAULTS

CATALOGUE = (*MOTION, *FOREIGN, *CAPTIONS, *SPLIT_FAULTS, *CONVERSATION_FAULTS, *CODE_FAULTS)
