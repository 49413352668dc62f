-- The text changed and the embedding did not: what is there belongs to the old text. Which rows come here is decided by
-- the trigger's WHEN, because comparing vectors in a body would depend on the writer's search_path.
BEGIN
    NEW.{embedding} := NULL;
    RETURN NEW;
EXCEPTION WHEN undefined_column THEN
    -- Going on would leave a vector that belongs to another text, and nobody would ever know.
    RAISE EXCEPTION USING
        ERRCODE = 'undefined_column',
        MESSAGE = pg_catalog.format(
            'the embedding column of %I.%I was renamed after backfilld was set up', TG_TABLE_SCHEMA, TG_TABLE_NAME),
        HINT = 'Configure the new name and run "backfilld setup", or run "backfilld setup --remove".';
END
