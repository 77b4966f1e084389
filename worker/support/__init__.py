"""From a thread to a verdict, and from a verdict to a reply: the stages, in the order of `pipeline.draft()`."""
