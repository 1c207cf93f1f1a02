"""Where a caller stands against a limit, in headers."""

from __future__ import annotations

from vault.throttle import Standing


def rate_headers(standing: Standing) -> dict[str, str]:
    """draft-ietf-httpapi-ratelimit-headers: the policy, and where the caller stands; refused, when to come back."""
    limit = standing.limit
    headers = {
        "RateLimit-Policy": f'"{limit.name}";q={limit.quota};w={limit.window_s}',
        "RateLimit": f'"{limit.name}";r={standing.remaining};t={standing.reset_s}',
    }
    if standing.refused:
        headers["Retry-After"] = str(standing.wait_s)
    return headers
