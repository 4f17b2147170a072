"""A title as a signed document that anybody verifies apart from the registry: selective disclosure (RFC 9901) and its status list."""
