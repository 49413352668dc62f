-- Says only that there is something to do. Runs as the writer, and is quiet while somebody polls: see inserted_{watch}.
BEGIN
    IF (CASE WHEN pg_catalog.pg_try_advisory_xact_lock_shared({skipped}, {watch})
        THEN NOT pg_catalog.pg_try_advisory_xact_lock_shared({polling}, {watch}) ELSE false END) THEN
        RETURN NULL;
    END IF;
    IF pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<=) 0.5::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('backfilld', '{watch}');
    END IF;
    RETURN NULL;
END
