-- An order goes to the aggregate it was given to first, however often it is given: the choice is written down before it is carried
-- out. Without an outcome it is still being carried out.
ALTER TABLE orders ADD COLUMN aggregate uuid;
UPDATE orders SET aggregate = '00000000-0000-0000-0000-000000000000';  -- dealt with: nobody looks
ALTER TABLE orders ALTER COLUMN aggregate SET NOT NULL, ALTER COLUMN outcome DROP NOT NULL;

COMMENT ON COLUMN heard.heard IS 'one envelope: it is made of other services'' personal facts';
