-- What there was to hear when a reader began, or began anew: until it is reached, what was heard is not whole.
ALTER TABLE progress ADD COLUMN until bigint NOT NULL DEFAULT 0;
