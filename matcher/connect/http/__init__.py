"""Send messages to HTTP endpoints, as EventBridge's API destinations do; needs the extra `http`."""

from __future__ import annotations

from matcher.connect.http.auth import ApiKey, Auth, Basic, OAuth
from matcher.connect.http.target import Answer, Http

__all__ = ["Answer", "ApiKey", "Auth", "Basic", "Http", "OAuth"]
