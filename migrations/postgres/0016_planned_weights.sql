-- How readers were to be split between the variants of an appeal that learns its weights, hour by hour: first views that this
-- does not explain do not count for the weights. How many there were in all is kept beside the newest.

CREATE TABLE planned_weights (
    site TEXT NOT NULL,
    appeal TEXT NOT NULL,
    hour_at_ms BIGINT NOT NULL,
    weights TEXT NOT NULL,
    ignored_views BIGINT NOT NULL,
    PRIMARY KEY (site, appeal, hour_at_ms)
);
