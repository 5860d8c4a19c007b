"""Post-editing of translations by language models, each change shown to be better, and how good translations are."""

from setu_common.starting import begin

begin()
