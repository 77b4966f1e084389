"""Who may use the console: add, list, disable, and make a one-time sign-in link.

    scripts/users.py add maya --role reviewer        asks for the password (or reads it from standard input)
    scripts/users.py add maya --role reviewer --no-password
    scripts/users.py link maya                       prints a link that signs in once, within 30 minutes
    scripts/users.py list
    scripts/users.py disable maya                    ends the sessions too

A password is never an argument: arguments are seen by everybody on the machine.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.breaking_off import end_quietly
from worker.console import people
from worker.errors import BadConfiguration
from worker.ports import Ledger


def main(argv: list[str] | None = None) -> int:
    """0: done. 1: the database did not take it; try again. 2: the request or the settings are wrong."""
    from worker.operations.on_ledger import on_ledger
    from worker.settings import load_settings

    asked = _arguments().parse_args(argv)
    makes = asked.command == "add"  # the first user may be there before the service; all else is about what is there
    return on_ledger(lambda ledger, settings: run(asked, ledger, settings.console_link), load_settings, makes=makes)


def run(asked: argparse.Namespace, ledger: Ledger, console_link: str) -> None:
    """Does what was asked; raises BadConfiguration and trouble."""
    users, by = ledger.users, f"scripts/users.py ({getpass.getuser()})"
    if asked.command == "list":
        for user in users.all():
            print(f"{user['login']:<32} {user['role']}")
    elif asked.command == "add":
        known = users.get(asked.login)
        if known and asked.role is None:  # else who sets an admin's password anew makes her a reviewer
            raise BadConfiguration(f"{asked.login} is {known['role']} already: say --role to change role and password.")
        role = asked.role or people.REVIEWER
        people.add_user(users, asked.login, role, None if asked.no_password else _password())
        ledger.reviews.audit(by, "user added", asked.login, role)
        print(f"{asked.login}: {role}" + (f" (was {known['role']})" if known else ""), file=sys.stderr)
    elif asked.command == "disable":
        people.disable_user(users, asked.login)
        ledger.reviews.audit(by, "user disabled", asked.login)
    else:
        print(people.sign_in_link(users, asked.login, console_link))
        ledger.reviews.audit(by, "link made", asked.login)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise BadConfiguration("The two passwords differ.")
    return password


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="users.py", description="Who may use Deskhand's console.")
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add", help="add a user, or change role and password")
    add.add_argument("login")
    add.add_argument("--role", choices=people.ROLES, help="reviewer, for a new user")
    add.add_argument("--no-password", action="store_true", help="signs in by one-time link only")
    commands.add_parser("list", help="logins and roles")
    commands.add_parser("disable", help="no more sign-in, sessions end").add_argument("login")
    commands.add_parser("link", help="print a one-time sign-in link").add_argument("login")
    return parser


if __name__ == "__main__":
    end_quietly("Broken off: scripts/users.py list says who is there now.")
    raise SystemExit(main())
