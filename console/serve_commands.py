"""``recognition serve``, ``demo`` and ``token``."""

from __future__ import annotations

import contextlib
import ipaddress
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
import uvicorn
from starlette.applications import Starlette

from application.ports import Authenticator, Identity, NotAuthenticated
from console.demo import Demo
from console.talk import err, explaining, fail, out
from domain.values import Role
from infrastructure.composition import Registry, open_registry
from infrastructure.identity import DevelopmentIssuer, TokenVerifier
from infrastructure.settings import Settings
from registry_api.app import create_registry_app
from registry_api.context import Services
