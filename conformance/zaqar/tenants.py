"""Projects of the identity service, each for one test, and tokens of them."""

import requests


class Tenants:
    """Makes projects as the administrator whom the server announces."""

    def __init__(self, server):
        self._base = server.endpoints["identity"]
        self._announced = server.announcement["credentials"]["openstack"]
        self._user = None

    def token(self, name):
        """A token of a new project, in which the administrator has all roles that there are, and the project's id."""
        admin, token = self._login({"name": self._announced["project_name"], "domain": {"name": "Default"}})
        headers = {"X-Auth-Token": admin}
        made = self._ask("POST", "/projects", headers, {"project": {"name": name, "domain_id": "default"}})
        project = made["project"]["id"]
        for role in self._ask("GET", "/roles", headers)["roles"]:
            path = f"/projects/{project}/users/{token['user']['id']}/roles/{role['id']}"
            self._ask("PUT", path, headers)
        return self._login({"id": project})[0], project

    def _login(self, project):
        user = {"name": self._announced["username"], "password": self._announced["password"],
                "domain": {"name": self._announced["user_domain_name"]}}
        identity = {"methods": ["password"], "password": {"user": user}}
        wanted = {"auth": {"identity": identity, "scope": {"project": project}}}
        answer = requests.post(f"{self._base}/auth/tokens", json=wanted, timeout=30)
        answer.raise_for_status()
        return answer.headers["X-Subject-Token"], answer.json()["token"]

    def _ask(self, method, path, headers, body=None):
        answer = requests.request(method, self._base + path, headers=headers, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None
