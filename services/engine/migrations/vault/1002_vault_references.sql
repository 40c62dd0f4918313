-- A value that changes gets another reference: what was agreed on with her must never turn into another value. What stood there before
-- keeps the one it had, for it is sealed to it, and hangs on what stands there now.

ALTER TABLE vault_history
    ADD COLUMN own uuid,                    -- the reference it had itself
    DROP CONSTRAINT vault_history_reference_fkey,
    ADD FOREIGN KEY (reference) REFERENCES vault ON UPDATE CASCADE ON DELETE CASCADE;
UPDATE vault_history SET own = reference;
ALTER TABLE vault_history ALTER COLUMN own SET NOT NULL;

ALTER TABLE vault_answers
    ADD COLUMN own uuid,                    -- the reference that was answered
    DROP CONSTRAINT vault_answers_reference_fkey,
    ADD FOREIGN KEY (reference) REFERENCES vault ON UPDATE CASCADE ON DELETE CASCADE;
UPDATE vault_answers SET own = reference;
ALTER TABLE vault_answers ALTER COLUMN own SET NOT NULL;
