"""Settings of uploads: where files are stored, how large and how many they may be."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

Some = Annotated[int, Field(ge=1)]


class FileSettings(BaseSettings):
    """The settings of uploads. Sizes are in megabytes (2**20 bytes), as sent."""

    files_url: str = Field(
        "",
        description="Where files are kept: file:///folder, or s3://bucket/prefix?region=…&endpoint=…"
        "; default: a folder in the home folder.",
    )
    photo_mb: Some = 20
    video_mb: Some = 100
    voice_mb: Some = 20
    document_mb: Some = 20
    photos_per_ticket: Some = 40
    videos_per_ticket: Some = 8
    voices_per_ticket: Some = 8
    documents_per_ticket: Some = 12
    photo_megapixels: Some = Field(64, description="A photo with more is refused unread.")
    upload_seconds: float = Field(120, gt=0, description="What takes longer to arrive is refused.")
    uploads_per_hour: Some = Field(60, description="By citizens, from one address.")
    unattached_mb: Some = Field(
        5000, description="Of files that belong to no ticket yet; beyond it citizens have to wait."
    )
    unattached_hours: float = Field(24, gt=0, description="Then they go.")
    examinations: Some = Field(2, description="Files examined at once, each in a process.")
    file_link_minutes: Some = Field(15, description="How long a link to a file can be followed.")
