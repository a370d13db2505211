"""The embedded writer of Inter-MT²: conversations about motion from a grammar, no language model needed.

`plan` says which motion to make beside the clips there are, `desk` deals out what each conversation is about, `tasks` writes it,
`similar` finds what was written twice. What a conversation claims is true of the clips it names, since both come from one style.
"""
