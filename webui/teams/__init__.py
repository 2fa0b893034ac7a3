"""The pages of teams and grants, and what anybody may effectively do. What these mean is decided in webui.access."""
