-- What each program may do with which table: psql -X -v ON_ERROR_STOP=1 -d tempmail -f roles.sql (as postgres), after
-- each `migrate` and before its code starts. One transaction: nobody meets a moment without rights. A table that is not
-- named here is its owner's alone, which is whom migrations and manage.py run as; a test compares with the models.
--
-- That an address is never given out twice, and who moderated what, holds also where a program of these is broken into:
-- none can change or delete an issued address, nor change a record of moderation.
BEGIN;

-- A role has the name of the system user that runs the program, and no password: peer authentication over the socket.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tempmail', 'tempmail-site', 'tempmail-worker', 'tempmail-tasks'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', name);
    END IF;
  END LOOP;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO "tempmail-site", "tempmail-worker", "tempmail-tasks"',
    current_database());
END
$$;

-- A site that runs wild cannot take the connections that mail comes in by; what hangs ends.
ALTER ROLE "tempmail-site" CONNECTION LIMIT 120;
ALTER ROLE "tempmail-worker" CONNECTION LIMIT 60;
ALTER ROLE "tempmail-tasks" CONNECTION LIMIT 15;
ALTER ROLE "tempmail-site" SET statement_timeout = '30s';
ALTER ROLE "tempmail-worker" SET statement_timeout = '15s';
ALTER ROLE "tempmail-site" SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE "tempmail-worker" SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE "tempmail-tasks" SET idle_in_transaction_session_timeout = '120s';

REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, "tempmail-site", "tempmail-worker", "tempmail-tasks";
GRANT USAGE ON SCHEMA public TO "tempmail-site", "tempmail-worker", "tempmail-tasks";

-- The delivery worker answers RCPT and stores. What it has stored it can neither read, nor change, nor delete.
GRANT SELECT ON mailboxes_abusecontrols, mailboxes_block, mailboxes_deduperecord, mailboxes_domain,
  mailboxes_keyfingerprint, mailboxes_mailbox, mailboxes_webhook TO "tempmail-worker";
GRANT UPDATE (last_sequence, message_count, stored_bytes, last_activity_at, ends_at)
  ON mailboxes_mailbox TO "tempmail-worker";
GRANT INSERT ON mailboxes_deduperecord, mailboxes_message, mailboxes_messagesource, mailboxes_operatormessage,
  mailboxes_webhookevent TO "tempmail-worker";
-- It counts the first, and both tell it the id of a new row.
GRANT SELECT (id) ON mailboxes_operatormessage, mailboxes_webhookevent TO "tempmail-worker";

-- The site: pages, API, admin. It gives addresses out, shows and deletes; it stores no mail.
GRANT SELECT ON mailboxes_canaryrun, mailboxes_clockreading, mailboxes_keyfingerprint, mailboxes_message,
  mailboxes_messagesource, mailboxes_operatormessage, mailboxes_webhookevent, django_content_type
  TO "tempmail-site";
GRANT UPDATE (seen) ON mailboxes_message TO "tempmail-site";
GRANT DELETE ON mailboxes_message, mailboxes_messagesource, mailboxes_operatormessage, mailboxes_webhookevent
  TO "tempmail-site";
GRANT SELECT, INSERT ON mailboxes_issuedaddress, mailboxes_moderationrecord, mailboxes_purgerecord, django_admin_log
  TO "tempmail-site";
GRANT SELECT, INSERT, UPDATE ON mailboxes_abusecontrols, mailboxes_abusereport, mailboxes_apikey, mailboxes_domain,
  mailboxes_domainreport TO "tempmail-site";
GRANT SELECT, INSERT, UPDATE, DELETE ON mailboxes_apikey_domains, mailboxes_block,
  mailboxes_idempotencyrecord, mailboxes_mailbox, mailboxes_webhook, django_session, auth_group, auth_group_permissions,
  auth_permission, auth_user, auth_user_groups,
  auth_user_user_permissions, otp_static_staticdevice, otp_static_statictoken, otp_totp_totpdevice
  TO "tempmail-site";

-- The tasks: purge and clean-up, webhooks, the domain doctor, the service's trials of itself, which take an address.
GRANT SELECT ON mailboxes_keyfingerprint TO "tempmail-tasks";
GRANT SELECT, INSERT ON mailboxes_issuedaddress TO "tempmail-tasks";
GRANT SELECT, UPDATE ON mailboxes_domain TO "tempmail-tasks";
GRANT SELECT, INSERT, UPDATE ON mailboxes_abusecontrols TO "tempmail-tasks";
GRANT SELECT, DELETE ON mailboxes_abusereport, mailboxes_block, mailboxes_deduperecord, mailboxes_idempotencyrecord,
  mailboxes_messagesource, mailboxes_moderationrecord, django_admin_log TO "tempmail-tasks";
GRANT SELECT (id, received_at), DELETE ON mailboxes_operatormessage TO "tempmail-tasks";
GRANT SELECT (session_key, expire_date), DELETE ON django_session TO "tempmail-tasks";
GRANT SELECT, UPDATE, DELETE ON mailboxes_message, mailboxes_webhook, mailboxes_webhookevent TO "tempmail-tasks";
GRANT SELECT, INSERT, UPDATE, DELETE ON mailboxes_canaryrun, mailboxes_clockreading, mailboxes_domainreport,
  mailboxes_mailbox, mailboxes_purgerecord TO "tempmail-tasks";

COMMIT;
