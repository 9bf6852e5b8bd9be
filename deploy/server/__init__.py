"""The installer of a server: deploy/install.sh runs it. Standard library only, as nothing is installed yet."""
