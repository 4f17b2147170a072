"""The web console: pages rendered here, which work without scripts and ask the registry as any client does.

A page holds no rule, no mask and no query language of its own: its data is the answer of the API to one document of ``documents/``,
asked in this process with the token of the session, under the rights, limits and records of every other client. What the API has no
question for (an audit pack, what stands out among officers, drafts) is the use case that the command line calls, behind the page's action.
"""
