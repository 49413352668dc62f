-- Says only that there is something to do. Runs as the writer: see inserted_{watch}.
BEGIN
    IF pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<=) 0.5::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('backfilld', '{watch}');
    END IF;
    RETURN NULL;
END
