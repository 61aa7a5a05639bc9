"""The jobs by name: what a worker can do."""

from __future__ import annotations

from app.jobs.catalog import refresh_listings
from app.jobs.context import Job

JOBS: dict[str, Job] = {
    "catalog.refresh_listings": refresh_listings,
}
"""All jobs, by the name that they have in the queue."""
