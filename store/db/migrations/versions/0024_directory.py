"""The directory of places that an installation imports."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "listed_place",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("code", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("hours", sa.String(), nullable=False),
        sa.Column("features", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("services", sa.Text(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
    )
    op.create_index("listed_place_point", "listed_place", ["city", "lat", "lon"])
    op.create_index("listed_place_area", "listed_place", ["city", "area"])
    op.create_table(
        "directory",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("instead_of_pack", sa.Boolean(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("directory")
    op.drop_index("listed_place_area", "listed_place")
    op.drop_index("listed_place_point", "listed_place")
    op.drop_table("listed_place")
