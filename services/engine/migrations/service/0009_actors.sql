-- Actors have one form, in lower case. What was stored before is brought to it, or who was written otherwise would be somebody else.
UPDATE duties SET worker = lower(worker) WHERE worker <> lower(worker);
