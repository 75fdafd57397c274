# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx; `make docs` builds the site with them."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

project = "mde.connectivity"
project_copyright = "2026, The mde.connectivity authors"
html_title = html_short_title = "mde.connectivity"
extensions = ["sphinx_antsibull_ext"]
html_theme = "sphinx_ansible_theme"
html_theme_options = {"display_version": False, "topbar_links": {}, "documentation_home_url": "index.html"}
html_css_files = ["narrow.css"]
html_static_path = ["static"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
default_role = "any"
nitpicky = True

ANSIBLE = "https://docs.ansible.com/ansible/latest/"
# What the pages of plugins name of Ansible's own documentation, and where it is there: the inventories in which
# Sphinx would look that up are on the network, and the site is built without one.
ELSEWHERE = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
PLUGIN = re.compile(r"ansible_collections\.(ansible)\.(builtin|windows)\.(\w+?_[a-z]+)(__.*)?")


def address(role: str, target: str) -> str | None:
    """Where in Ansible's documentation a target is; None for one that is not there, such as one of this collection."""
    if role == "envvar":
        return f"{ANSIBLE}reference_appendices/config.html#envvar-{target}"
    if target in ELSEWHERE:
        return ANSIBLE + ELSEWHERE[target]
    if found := PLUGIN.fullmatch(target):
        return f"{ANSIBLE}collections/{found[1]}/{found[2]}/{found[3]}.html"
    return None


def resolve(
    _app: Sphinx, _env: BuildEnvironment, node: pending_xref, text: nodes.TextElement
) -> nodes.reference | None:
    """Link to Ansible's documentation what is not found here."""
    found = address(str(node["reftype"]), str(node["reftarget"]))
    return found and nodes.reference("", "", text, internal=False, refuri=found)


def setup(app: Sphinx) -> None:
    """Have Sphinx ask here before it warns."""
    app.connect("missing-reference", resolve)
